import "../timecode_test.ts?long";
