import "../../device_test.ts?all";
