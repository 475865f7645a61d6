import "../../packets_test.ts?all";
