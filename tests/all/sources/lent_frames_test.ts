import "../../lent_frames_test.ts?all";
