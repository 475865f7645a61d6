import "../background_test.ts?long";
