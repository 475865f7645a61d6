import "../deadline_test.ts?long";
