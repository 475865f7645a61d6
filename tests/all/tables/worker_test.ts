import "../../worker_test.ts?all";
