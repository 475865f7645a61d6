import "../terminated_worker_test.ts?long";
