import "../../hls_playlist_test.ts?all";
