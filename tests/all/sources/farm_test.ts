import "../../farm_test.ts?all";
