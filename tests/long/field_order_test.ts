import "../field_order_test.ts?long";
