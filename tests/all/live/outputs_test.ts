import "../../outputs_test.ts?all";
