// Runs franz-go for foreign_client.test.ts: orders as JSON lines on standard input, answers likewise (see README).
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type record struct {
	Offset    int64       `json:"offset"`
	Key       *string     `json:"key"`
	Value     *string     `json:"value"`
	Headers   [][]*string `json:"headers"`
	Timestamp *int64      `json:"timestamp"`
}

type order struct {
	Order           string          `json:"order"`
	Bootstrap       string          `json:"bootstrap"`
	Topic           string          `json:"topic"`
	Partition       int32           `json:"partition"`
	Records         []record        `json:"records"`
	Acks            string          `json:"acks"`
	Codec           string          `json:"codec"`
	Idempotent      bool            `json:"idempotent"`
	LingerMs        int64           `json:"lingerMs"`
	BatchBytes      int32           `json:"batchBytes"`
	RequestBytesMax int32           `json:"requestBytesMax"`
	Start           json.RawMessage `json:"start"`
	Follow          int64           `json:"follow"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(answer any) {
	line, err := json.Marshal(answer)
	must(err)
	fmt.Println(string(line))
}

func encoded(value []byte) *string {
	if value == nil {
		return nil
	}
	text := base64.StdEncoding.EncodeToString(value)
	return &text
}

func decoded(text *string) []byte {
	if text == nil {
		return nil
	}
	value, err := base64.StdEncoding.DecodeString(*text)
	must(err)
	if value == nil {
		return []byte{}
	}
	return value
}

func produce(ctx context.Context, o order) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	acks := map[string]kgo.Acks{"0": kgo.NoAck(), "1": kgo.LeaderAck(), "all": kgo.AllISRAcks()}
	options := []kgo.Opt{
		kgo.SeedBrokers(o.Bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codecs[o.Codec]), kgo.RequiredAcks(acks[o.Acks]),
		kgo.ProducerLinger(time.Duration(o.LingerMs) * time.Millisecond), kgo.ProducerBatchMaxBytes(o.RequestBytesMax),
	}
	if !o.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1))
	}
	client, err := kgo.NewClient(options...)
	must(err)
	outcomes := make([]map[string]any, len(o.Records))
	for index, sent := range o.Records {
		produced := &kgo.Record{Topic: o.Topic, Partition: o.Partition, Key: decoded(sent.Key), Value: decoded(sent.Value)}
		if sent.Timestamp != nil {
			produced.Timestamp = time.UnixMilli(*sent.Timestamp)
		}
		for _, header := range sent.Headers {
			produced.Headers = append(produced.Headers, kgo.RecordHeader{Key: *header[0], Value: decoded(header[1])})
		}
		client.Produce(ctx, produced, func(done *kgo.Record, err error) {
			if err != nil {
				outcomes[index] = map[string]any{"error": err.Error()}
			} else {
				outcomes[index] = map[string]any{"offset": done.Offset}
			}
		})
	}
	must(client.Flush(ctx))
	client.Close()
	say(map[string]any{"outcomes": outcomes})
}

func startOffset(o order) kgo.Offset {
	var name string
	if json.Unmarshal(o.Start, &name) == nil {
		if name == "beginning" {
			return kgo.NewOffset().AtStart()
		}
		return kgo.NewOffset().AtEnd()
	}
	var at int64
	if json.Unmarshal(o.Start, &at) == nil {
		return kgo.NewOffset().At(at)
	}
	var timed struct {
		Timestamp int64 `json:"timestamp"`
	}
	must(json.Unmarshal(o.Start, &timed))
	return kgo.NewOffset().AfterMilli(timed.Timestamp)
}

func offsets(ctx context.Context, o order) (int64, int64) {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Bootstrap))
	must(err)
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, o.Topic)
	must(err)
	ends, err := admin.ListEndOffsets(ctx, o.Topic)
	must(err)
	start, _ := starts.Lookup(o.Topic, o.Partition)
	end, _ := ends.Lookup(o.Topic, o.Partition)
	return start.Offset, end.Offset
}

func consume(ctx context.Context, o order) {
	_, end := offsets(ctx, o)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(o.Bootstrap),
		kgo.FetchMaxWait(100*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{o.Topic: {o.Partition: startOffset(o)}}),
	)
	must(err)
	records := []record{}
	next := int64(-1)
	if string(o.Start) == `"end"` {
		next = end
		// The client asks for the end when it first polls: only then is what comes later new to it.
		early, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		client.PollFetches(early)
		cancel()
		say(map[string]any{"event": "end"})
	}
	for next < end+o.Follow && !(next == -1 && end == 0 && o.Follow == 0) {
		fetches := client.PollFetches(ctx)
		must(fetches.Err())
		fetches.EachRecord(func(found *kgo.Record) {
			headers := [][]*string{}
			for _, header := range found.Headers {
				headers = append(headers, []*string{&header.Key, encoded(header.Value)})
			}
			timestamp := found.Timestamp.UnixMilli()
			records = append(records, record{found.Offset, encoded(found.Key), encoded(found.Value), headers, &timestamp})
			next = found.Offset + 1
		})
	}
	client.Close()
	say(map[string]any{"records": records})
}

func administer(ctx context.Context, o order) {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Bootstrap))
	must(err)
	defer client.Close()
	admin := kadm.NewClient(client)
	retention := "1000000"
	_, err = admin.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": &retention}, o.Topic)
	must(err)
	// A new client each time: one keeps what it has learned for seconds.
	partitions := func() (bool, int) {
		asking, err := kgo.NewClient(kgo.SeedBrokers(o.Bootstrap))
		must(err)
		defer asking.Close()
		topics, err := kadm.NewClient(asking).ListTopics(ctx)
		must(err)
		return topics.Has(o.Topic), len(topics[o.Topic].Partitions)
	}
	isListed, before := partitions()
	size := "2000"
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &size}}, o.Topic)
	must(err)
	for _, one := range altered {
		must(one.Err)
	}
	configs := map[string]string{}
	described, err := admin.DescribeTopicConfigs(ctx, o.Topic)
	must(err)
	for _, resource := range described {
		must(resource.Err)
		for _, config := range resource.Configs {
			if config.Key == "retention.ms" || config.Key == "max.message.bytes" {
				configs[config.Key] = config.MaybeValue()
			}
		}
	}
	created, err := admin.UpdatePartitions(ctx, 4, o.Topic)
	must(err)
	must(created.Error())
	// A cluster tells of a change when it has reached the one who is asked: what was done is waited for.
	_, after := partitions()
	for ; after != 4; _, after = partitions() {
		time.Sleep(50 * time.Millisecond)
	}
	_, err = admin.DeleteTopic(ctx, o.Topic)
	must(err)
	isListedAfter, _ := partitions()
	for ; isListedAfter; isListedAfter, _ = partitions() {
		time.Sleep(50 * time.Millisecond)
	}
	say(map[string]any{
		"isListed": isListed, "partitions": before, "configs": configs, "partitionsAfter": after, "isListedAfter": isListedAfter,
	})
}

func main() {
	orders := json.NewDecoder(os.Stdin)
	for orders.More() {
		var o order
		must(orders.Decode(&o))
		carryOut(o)
	}
}

func carryOut(o order) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	switch o.Order {
	case "produce":
		produce(ctx, o)
	case "consume":
		consume(ctx, o)
	case "watermarks":
		low, high := offsets(ctx, o)
		say(map[string]any{"low": low, "high": high})
	case "administer":
		administer(ctx, o)
	}
}
