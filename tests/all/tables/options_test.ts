import "../../options_test.ts?all";
