import "../../outputs_errors_test.ts?all";
