import "../../encoding_recipes_test.ts?all";
