import "../real_footage_test.ts?long";
