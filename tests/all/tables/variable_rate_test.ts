import "../../variable_rate_test.ts?all";
