import "../subtitles_test.ts?long";
