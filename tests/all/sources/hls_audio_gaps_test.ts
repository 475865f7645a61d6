import "../../hls_audio_gaps_test.ts?all";
