import "../../audio_tags_test.ts?all";
