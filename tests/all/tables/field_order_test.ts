import "../../field_order_test.ts?all";
