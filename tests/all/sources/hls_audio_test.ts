import "../../hls_audio_test.ts?all";
