import "../../background_test.ts?all";
