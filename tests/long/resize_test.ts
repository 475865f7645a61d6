import "../resize_test.ts?long";
