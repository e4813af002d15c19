"""Forenames and surnames of England, Wales and Ireland. Lists run from common to rare; drawing is skewed accordingly.

Adult forenames are of cohorts born about 1970–2005, child forenames of cohorts born about 2016–2026.
Surname tails are combined from place-name syllables, so that a large county is not made of a few hundred
names.
"""

from app.county.names.lists import listed

ENGLISH_WOMEN = listed("""
Sarah Emma Laura Rebecca Gemma Rachel Claire Victoria Katie Amy Samantha Charlotte Jessica Lauren
Hannah Kelly Lisa Nicola Natalie Danielle Stephanie Jennifer Michelle Leanne Hayley Kirsty Stacey
Lucy Helen Zoe Kerry Donna Chloe Sophie Emily Bethany Georgia Megan Abigail Holly Jade Amber Chelsea
Ellie Paige Shannon Jodie Kayleigh Naomi Heather Tracey Joanne Karen Louise Catherine Alison Angela
Melanie Alexandra Elizabeth Jacqueline Vicky Carly Cheryl Kimberley Toni Abbie Aimee Melissa
Francesca Harriet Imogen Eleanor Alice Tamsin Philippa Rosalind Verity Martha Bryony Tara Clare Kate
Molly Poppy Phoebe Demi Courtney Robyn Ashleigh Gabrielle Lydia Frances Miranda Camilla Dawn Wendy
Julie Sharon
""")
ENGLISH_MEN = listed("""
David James Christopher Daniel Matthew Andrew Michael Thomas Robert Mark Lee Paul Stephen Richard
Adam Benjamin Jonathan Craig Ryan Luke Simon Liam Jack Joshua Samuel Joseph Jordan Scott Kieran
Aaron Nathan Ashley Gareth Shaun Gary Stuart Darren Wayne Dean Jamie Ben Sam Karl Neil Philip Peter
Anthony Alexander William Nicholas Timothy Edward George Charles Oliver Harry Callum Connor Kyle
Bradley Lewis Jake Josh Tom Rhys Reece Declan Carl Damian Dominic Martin Ian Kevin Graham Russell
Marcus Toby Elliot Max Dale Glen Grant Lloyd Ricky Robbie Danny Terry Barry Steven Tony Jason Justin
""")
ENGLISH_GIRLS = listed("""
Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Willow Rosie Sophia Isabella Grace Daisy Sienna
Poppy Elsie Emily Ella Evelyn Phoebe Evie Charlotte Harper Millie Matilda Maya Sofia Emilia Isabelle
Alice Luna Aria Bonnie Maisie Penelope Ada Aurora Eliza Violet Arabella Mabel Nancy Orla Eva Ottilie
Mila Hallie Maeve Eleanor Ruby Thea Ellie Erin Robyn Margot Delilah Ophelia Lola Amber Bella
Scarlett Imogen Lottie Darcie Harriet Zara Hazel Rose Clara Iris Edith Olive Martha Gracie Esme
Jessica Molly Holly Beatrice Heidi Lyla Nova Autumn Skye Summer Lyra Raya Remi Ayla Hattie Sadie
Felicity Jasmine Lucy Niamh Annabelle Connie Maddison Indie Myla Pippa Tilly Winifred Wren Juniper
Dolly Francesca Georgia Lilly Nellie
""")
ENGLISH_BOYS = listed("""
Noah Oliver George Arthur Muhammad Leo Harry Oscar Archie Jack Henry Freddie Charlie Theodore Alfie
Theo Jude Luca Finley Hudson Louie Albie Rory Tommy Isaac Max Roman Jacob Arlo Reuben Hunter Thomas
Ezra Lucas James Joshua William Ethan Edward Joseph Alexander Teddy Mason Logan Daniel Rowan Elijah
Reggie Harrison Ronnie Sebastian Adam Albert Bobby Jaxon Hugo Ralph Frankie Toby Zachary Louis
Grayson Jesse Samuel Stanley Otis Blake Milo Carter Dylan Caleb Elliot Felix Kai Benjamin Sonny
Tobias Ellis Jasper Chester Rupert Luke Nathaniel Ollie Parker Riley Brody Ezekiel Otto Rafferty
Woody Barney Kit Monty Ned Rex Austin Bodhi Cooper Ivor Jenson Lochlan Matthew Nathan Otis Percy
Quinn Robin Vinnie Wilfred Zach
""")
ENGLISH_SURNAMES = listed("""
Smith Taylor Brown Wilson Johnson Wright Walker White Hall Green Wood Robinson Thompson Clarke
Jackson Turner Hill Cooper Ward Morris Moore Clark King Harrison Baker Martin Allen Mitchell Parker
Bennett Shaw Cook Richardson Carter Marshall Collins Bailey Young Simpson Webb Rogers Gray Mason
Hunt Mills Holmes Palmer Knight Lee Butler Barnes Stevens Fisher Jenkins Dixon Fletcher Barker
Foster Chapman Harvey Reynolds Pearson Matthews Andrews Saunders Ford Cole West Day Hudson Grant
Spencer Gardner Payne Berry Watson Elliott Bird Burton Perry Dean Watts Newman Atkinson Black Burns
Carr Cross Fox Freeman French Gibson Goodwin Hart Harding Hawkins Hayes Holland Howard Hughes
Hutchinson Jordan Kemp Lane Lawrence Long Lowe Lucas May Miles Nash Nelson Newton Nicholls North
Norton Oliver Osborne Page Parsons Perkins Phillips Pope Porter Potter Pratt Rees Reid Rice Rose
Rowe Russell Sharp Short Skinner Stanley Stephens Stevenson Stone Summers Sutton Swift Tucker
Turnbull Tyler Wade Wallis Walsh Warner Warren Waters Weaver Wells Wheeler Whitehead Wilkins Winter
Woods Yates Abbott Akroyd Arkwright Armitage Ashdown Attwood Babbage Badger Balfour Bamford Banks
Barlow Barrett Bassett Beck Beecham Bentley Bickford Birch Blackmore Blythe Bolton Booth Bowen
Bradshaw Bramley Brewer Briggs Bristow Brook Buckley Bullock Burgess Burrows Butcher Calvert Cannon
Cartwright Chadwick Chamberlain Chandler Clayton Clegg Coates Coleman Cotton Crabtree Crane Crawford
Crosby Curtis Dalton Dawson Denham Denton Dobson Drake Duckworth Dyer Eccles Edmonds Emery Entwistle
Farrow Fawcett Fielding Finch Flint Forrest Fowler Frost Garland Garner Giles Goddard Gough
Greenwood Hargreaves Haworth Heath Hewitt Hobbs Hodgson Holt Hopkins Horton Hurst Ingram Jarvis Kaye
""")
PLACE_STARTS = listed("""
Ash Bar Bex Brad Bram Brom Bur Cal Chad Chol Clif Comb Cran Craw Dal Den Dray East Ed El Fair Far
Field Ful Gar Grim Had Ham Har Has Hath Hol Horn Hun Kel Ken Kim Lang Lath Ling Lock Mar Mel Mid Mil
Mor Nor Oak Os Pen Pick Rad Raw Red Row Rush Sel Shel Sher Stan Stap Stock Sud Tad Thorn Tren Up Wad
Wal War Wes Whit Win Wol Wor Yar Yel
""")
PLACE_ENDS = listed("""
bourne bridge bury by combe cote dale den don field ford gate grave ham hurst ington land leigh ley
low man mere ridge shaw stead stock stone ston thorpe ton wall well wick wood worth worthy
""")
WELSH_WOMEN = listed("""
Sian Rhian Bethan Cerys Lowri Catrin Carys Nia Megan Angharad Elin Ffion Mari Non Gwenllian Llinos
Eleri Manon Sioned Nerys Heledd Eirlys Delyth Menna Gwenan Mared Rhiannon Tegan Cadi Efa Haf Lleucu
Meinir Siwan Branwen Eluned Awen Sarah Emma Claire Rachel Hannah Gemma Laura
""")
WELSH_MEN = listed("""
Rhys Gareth Huw Dafydd Aled Ieuan Geraint Iwan Owain Gethin Dylan Emyr Rhodri Llŷr Gwion Steffan
Tomos Siôn Osian Macsen Gruffydd Ifan Elis Hywel Meirion Alun Bryn Deiniol Eurig Gwilym Iestyn
Llywelyn Morgan Owen Rhydian Tudur David James Matthew Andrew Christopher Daniel
""")
WELSH_GIRLS = listed("""
Cadi Mali Nansi Erin Efa Megan Ffion Lili Mabli Elin Beca Gwen Seren Alys Carys Lowri Eira Nel
Martha Casi Lleucu Gwenllian Tirion Enfys Branwen Mari Awel Non Mared Cari Elsi Olwen Haf Swyn Eos
Betsan Olivia Amelia Isla Ava Freya Lily
""")
WELSH_BOYS = listed("""
Osian Macsen Elis Jac Tomos Harri Ioan Owain Gethin Gruff Guto Cai Caio Ifan Idris Emrys Twm Mabon
Celt Iolo Llew Nedw Eben Morgan Rhys Steffan Siôn Gwilym Ianto Efan Madog Tudur Aneirin Bedwyr Gwern
Huwcyn Noah Oliver George Arthur Leo
""")
WELSH_SURNAMES = listed("""
Jones Davies Williams Evans Thomas Roberts Lewis Hughes Morgan Griffiths Edwards Owen James Rees
Jenkins Price Phillips Lloyd Powell Parry Richards Harris Bowen Howells Ellis Pritchard Pugh Vaughan
Watkins Probert Prosser Gwilym Llewellyn Meredith Morris Mathias Bevan Bebb Breese Cadwaladr Cadogan
Craddock Eynon Foulkes Gittins Gwynne Havard Hopkin Humphreys Jarman Maddocks Mostyn Nicholas Onions
Penry Protheroe Rosser Rowlands Samuel Tudor Treharne Wynne Yorath Beynon Bowdler Devereux Duggan
Ferch Goronwy Gough Hier Kyffin Leyshon Mainwaring Merrick Nanney Picton Puw Rhydderch Sayce Tegid
""")
WELSH_FARMS = listed("Bryn Cefn Coed Glyn Gwaun Llwyn Maes Nant Pant Pen Rhos Tan Tir Tref Ynys")
WELSH_FARM_ENDS = listed("""
afon derw eithin fan ganol glas goch hir isaf mawr mor newydd uchaf wen ddu
""")
IRISH_WOMEN = listed("""
Siobhán Aoife Niamh Sinéad Ciara Orla Gráinne Róisín Bridget Deirdre Maeve Fionnuala Kathleen Eimear
Clodagh Caoimhe Nuala Margaret Theresa Bernadette
""")
IRISH_MEN = listed("""
Seán Patrick Conor Cian Pádraig Eoin Declan Brendan Ciarán Fergal Dermot Niall Oisín Rory Colm Kevin
Gerard Donal Tadhg Aidan
""")
IRISH_GIRLS = listed("""
Saoirse Éabha Fiadh Aoife Caoimhe Róisín Niamh Clodagh Orla Erin Cara Maeve Sadhbh Nora Bridie
""")
IRISH_BOYS = listed("""
Oisín Cillian Fionn Rían Tadhg Conor Patrick Seán Cian Darragh Finn Senan Eoin Ronan Declan
""")
IRISH_SURNAMES = listed("""
Murphy Kelly O'Brien Byrne Ryan O'Connor O'Neill Walsh Doyle McCarthy Gallagher Doherty Kennedy
Lynch Murray Quinn Moore McLoughlin Carroll Connolly Daly Connell Dunne Brennan Burke Collins
Campbell Clarke O'Sullivan Flanagan Nolan Power Joyce McDonagh Ward Maughan Connors Cash Doran
Mongan O'Donoghue McGinley Hegarty Kilbane MacNamara Fitzgerald FitzPatrick Geraghty Tierney
""")
NICKNAMES = {
    "Elizabeth": "Liz", "Rebecca": "Becky", "Samantha": "Sam", "Victoria": "Vicky", "Katherine": "Kate",
    "Catherine": "Cathy", "Stephanie": "Steph", "Jennifer": "Jenny", "Jessica": "Jess",
    "Charlotte": "Charlie", "Alexandra": "Alex", "Bethany": "Beth", "Bethan": "Beth", "Abigail": "Abbie",
    "Georgia": "George", "Danielle": "Dani", "Natalie": "Nat", "Nicola": "Nicky", "Kimberley": "Kim",
    "Christopher": "Chris", "Daniel": "Dan", "Matthew": "Matt", "Andrew": "Andy", "Michael": "Mike",
    "Thomas": "Tom", "Robert": "Rob", "Stephen": "Steve", "Richard": "Rich", "Benjamin": "Ben",
    "Jonathan": "Jon", "Joshua": "Josh", "Samuel": "Sam", "Joseph": "Joe", "Nathan": "Nate",
    "Anthony": "Tony", "Alexander": "Alex", "William": "Will", "Nicholas": "Nick", "Timothy": "Tim",
    "Edward": "Eddie", "James": "Jamie", "David": "Dave", "Theodore": "Theo", "Isabella": "Bella",
    "Isabelle": "Izzy", "Matilda": "Tilly", "Eleanor": "Ellie", "Penelope": "Penny",
    "Margaret": "Maggie", "Patrick": "Paddy", "Gareth": "Gaz", "Dafydd": "Dai", "Gwenllian": "Gwenno",
    "Angharad": "Hari", "Gruffydd": "Gruff", "Ieuan": "Iei", "Harriet": "Hattie", "Florence": "Flo",
    "Frederick": "Fred", "Freddie": "Fred", "Zachary": "Zac", "Nathaniel": "Nate", "Sebastian": "Seb",
    "Harrison": "Harry", "Amelia": "Millie", "Emilia": "Emmy", "Katarzyna": "Kasia",
    "Małgorzata": "Gosia", "Agnieszka": "Aga", "Aleksandra": "Ola", "Joanna": "Asia", "Zofia": "Zosia",
    "Krzysztof": "Krzys", "Tomasz": "Tomek", "Piotr": "Piotrek", "Jakub": "Kuba", "Stanisław": "Staś",
    "Antoni": "Antek", "Oluwaseun": "Seun", "Olufunke": "Funke", "Oluwatobi": "Tobi", "Temitope": "Temi",
    "Chukwuemeka": "Emeka", "Gurpreet": "Preet", "Harpreet": "Preeti", "Manpreet": "Mani",
    "Maria": "Mia", "Francisco": "Chico", "José": "Zé", "Alexandru": "Alex", "Andreea": "Deea",
    "Ştefan": "Fane", "Mihaela": "Miha", "Gabriela": "Gabi",
}  # fmt: skip
