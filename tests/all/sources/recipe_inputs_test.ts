import "../../recipe_inputs_test.ts?all";
