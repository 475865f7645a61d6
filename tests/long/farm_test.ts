import "../farm_test.ts?long";
