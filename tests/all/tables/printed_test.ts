import "../../printed_test.ts?all";
