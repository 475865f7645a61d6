import "../../shared_threads_test.ts?all";
