import "../../two_passes_test.ts?all";
