import "../animation_test.ts?long";
