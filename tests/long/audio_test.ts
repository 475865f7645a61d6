import "../audio_test.ts?long";
