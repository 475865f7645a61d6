import "../../outputs_restarts_test.ts?all";
