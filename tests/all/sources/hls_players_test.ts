import "../../hls_players_test.ts?all";
