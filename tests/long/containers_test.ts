import "../containers_test.ts?long";
