import "../rate_control_test.ts?long";
