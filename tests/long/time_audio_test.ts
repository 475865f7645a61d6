import "../time_audio_test.ts?long";
