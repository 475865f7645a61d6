import "../../outputs_stall_test.ts?all";
