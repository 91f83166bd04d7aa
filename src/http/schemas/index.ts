import { Behind, ParkedEvents, Projections, Rebuild, ReplayedEvents, VerifiedReadModel } from './admin.ts';
import { OrderAnalytics } from './analytics.ts';
import { AuditPage } from './audit.ts';
import { Customer, CustomerBody } from './customers.ts';
import { EventCatalogue } from './event-catalogue.ts';
import { OrderDiff, Timeline } from './history.ts';
import { KitchenBoard } from './live.ts';
import { Menu, MenuItem, MenuItemBody, MenuItemHistory } from './menu.ts';
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
import {
  CancelOrderBody,
  CompleteRefundBody,
  FailRefundBody,
  Refund,
  RefundPage,
  RequestRefundBody,
} from './refunds.ts';

/** What is referred to by its `$id`: the components of the OpenAPI document. */
export const sharedSchemas = [
  DeliveryAddress,
  PlaceOrderBody,
  ConfirmOrderBody,
  PayOrderBody,
  ChangeStatusBody,
  ApplyDiscountBody,
  CancelOrderBody,
  RequestRefundBody,
  CompleteRefundBody,
  FailRefundBody,
  CustomerBody,
  Refund,
  PlainOrder,
  Order,
  OrderPage,
  RefundPage,
  KitchenBoard,
  Customer,
  OrderAnalytics,
  Timeline,
  OrderDiff,
  AuditPage,
  MenuItemBody,
  MenuItem,
  MenuItemHistory,
  Menu,
  EventCatalogue,
  Rebuild,
  Behind,
  Projections,
  ParkedEvents,
  ReplayedEvents,
  VerifiedReadModel,
  Problem,
];
