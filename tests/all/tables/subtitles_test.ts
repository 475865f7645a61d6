import "../../subtitles_test.ts?all";
