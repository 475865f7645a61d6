import "../device_test.ts?long";
