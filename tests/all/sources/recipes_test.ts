import "../../recipes_test.ts?all";
