import "../../outputs_long_run_test.ts?all";
