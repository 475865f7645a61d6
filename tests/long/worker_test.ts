import "../worker_test.ts?long";
