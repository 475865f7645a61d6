import "../opencv_test.ts?long";
