import "../crop_test.ts?long";
