import "../../video_node_test.ts?all";
