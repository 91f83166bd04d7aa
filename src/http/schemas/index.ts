import { ParkedEvents, Projections, Rebuild, ReplayedEvents, VerifiedReadModel } from './admin.ts';
import { OrderAnalytics } from './analytics.ts';
import { AuditPage } from './audit.ts';
import { Customer, CustomerBody } from './customers.ts';
import { EventCatalogue } from './event-catalogue.ts';
import { OrderDiff, Timeline } from './history.ts';
import { KitchenBoard } from './live.ts';
import { Menu, MenuItem, MenuItemBody } from './menu.ts';
import {
  ApplyDiscountBody,
  ChangeStatusBody,
  ConfirmOrderBody,
  DeliveryAddress,
  Order,
  OrderPage,
  PayOrderBody,
  PlaceOrderBody,
  PlainOrder,
} from './orders.ts';
import { Problem } from './problem.ts';

/** What is referred to by its `$id`: the components of the OpenAPI document. */
export const sharedSchemas = [
  DeliveryAddress,
  PlaceOrderBody,
  ConfirmOrderBody,
  PayOrderBody,
  ChangeStatusBody,
  ApplyDiscountBody,
  CustomerBody,
  PlainOrder,
  Order,
  OrderPage,
  KitchenBoard,
  Customer,
  OrderAnalytics,
  Timeline,
  OrderDiff,
  AuditPage,
  MenuItemBody,
  MenuItem,
  Menu,
  EventCatalogue,
  Rebuild,
  Projections,
  ParkedEvents,
  ReplayedEvents,
  VerifiedReadModel,
  Problem,
];
