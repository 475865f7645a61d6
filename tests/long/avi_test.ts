import "../avi_test.ts?long";
